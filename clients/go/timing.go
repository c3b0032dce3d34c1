package llamactl

import (
	"context"
	"math/rand/v2"
	"time"
)

// timing provides timers and random numbers, which tests replace.
type timing interface {
	// after calls back once. It returns a function that cancels the timer.
	after(wait time.Duration, callback func()) (cancel func())
	// sleep returns the caller's error if its context ends before.
	sleep(ctx context.Context, wait time.Duration) error
	// random returns a number, at least 0 and less than 1.
	random() float64
}

type platformTiming struct{}

func (platformTiming) after(wait time.Duration, callback func()) func() {
	timer := time.AfterFunc(wait, callback)
	return func() { timer.Stop() }
}

func (platformTiming) sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return callerError(ctx)
	}
}

func (platformTiming) random() float64 { return rand.Float64() }

// deadline ends one attempt of a request when its timeout passes or the caller's context ends.
type deadline struct {
	context.Context
	caller context.Context
	timing timing
	end    context.CancelCauseFunc
	cancel func()
}

func newDeadline(caller context.Context, timing timing) *deadline {
	ctx, end := context.WithCancelCause(caller)
	return &deadline{Context: ctx, caller: caller, timing: timing, end: end, cancel: func() {}}
}

// within sets the timeout from now, and replaces the previous one; 0: no timeout.
func (d *deadline) within(wait time.Duration, address string) {
	d.cancel()
	d.cancel = func() {}
	if wait > 0 {
		d.cancel = d.timing.after(wait, func() { d.end(timeoutError(address, wait)) })
	}
}

// reason returns why the attempt was ended; nil: it was not. Use this error, because the platform's errors differ.
func (d *deadline) reason() error {
	if d.caller.Err() != nil {
		return callerError(d.caller)
	}
	// close does not count as an end.
	if cause := context.Cause(d); cause != context.Canceled {
		return cause
	}
	return nil
}

// close ends the attempt and its timer.
func (d *deadline) close() {
	d.cancel()
	d.end(nil)
}
