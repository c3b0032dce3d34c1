package llamactl

import (
	"context"
	"math/rand/v2"
	"time"
)

// timing is time and chance, so that tests can have their own.
type timing interface {
	// after calls back once, unless that is cancelled by what it returns.
	after(wait time.Duration, callback func()) (cancel func())
	// sleep returns the caller's error when that gives up before.
	sleep(ctx context.Context, wait time.Duration) error
	// random is at least 0 and less than 1.
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

// deadline is what ends one try of a request: the caller, or the time that it may take.
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

// within gives up when nothing else is said for so long; 0: never. It replaces what was said before.
func (d *deadline) within(wait time.Duration, address string) {
	d.cancel()
	d.cancel = func() {}
	if wait > 0 {
		d.cancel = d.timing.after(wait, func() { d.end(timeoutError(address, wait)) })
	}
}

// reason is why it was ended; nil: it was not. What platforms say of it differs.
func (d *deadline) reason() error {
	if d.caller.Err() != nil {
		return callerError(d.caller)
	}
	// Closed is not ended.
	if cause := context.Cause(d); cause != context.Canceled {
		return cause
	}
	return nil
}

// close ends what still goes on.
func (d *deadline) close() {
	d.cancel()
	d.end(nil)
}
