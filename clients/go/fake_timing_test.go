package llamactl

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"
)

// fakeTiming sleeps without waiting, and fires timers on request.
type fakeTiming struct {
	mutex  sync.Mutex
	slept  []time.Duration
	timers []*fakeTimer
	// How often a timer of a length was set.
	sets map[time.Duration]int
	// What waits for a timer to be set.
	setting *sync.Cond
}

type fakeTimer struct {
	wait     time.Duration
	callback func()
}

func newFakeTiming() *fakeTiming {
	t := &fakeTiming{sets: map[time.Duration]int{}}
	t.setting = sync.NewCond(&t.mutex)
	return t
}

func (t *fakeTiming) after(wait time.Duration, callback func()) func() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	timer := &fakeTimer{wait, callback}
	t.timers = append(t.timers, timer)
	t.sets[wait]++
	t.setting.Broadcast()
	return func() {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.timers = slices.DeleteFunc(t.timers, func(each *fakeTimer) bool { return each == timer })
	}
}

func (t *fakeTiming) sleep(ctx context.Context, wait time.Duration) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.slept = append(t.slept, wait)
	if ctx.Err() != nil {
		return callerError(ctx)
	}
	return nil
}

func (*fakeTiming) random() float64 { return 0.5 }

func (t *fakeTiming) sleeps() []time.Duration {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return slices.Clone(t.slept)
}

// count is how many timers of this length are set.
func (t *fakeTiming) count(wait time.Duration) int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return len(slices.DeleteFunc(slices.Clone(t.timers), func(each *fakeTimer) bool { return each.wait != wait }))
}

// ring lets the newest timer of this length ring, as soon as there is one.
func (t *fakeTiming) ring(wait time.Duration) {
	t.mutex.Lock()
	for {
		for index := len(t.timers) - 1; index >= 0; index-- {
			if timer := t.timers[index]; timer.wait == wait {
				t.timers = slices.Delete(t.timers, index, index+1)
				t.mutex.Unlock()
				timer.callback()
				return
			}
		}
		t.setting.Wait()
	}
}

// newTestClient is a client of a server, whose time is the test's.
func newTestClient(t *testing.T, url string, options ...Option) (*Client, *fakeTiming) {
	t.Helper()
	client := NewClient(url, options...)
	timing := newFakeTiming()
	client.timing = timing
	return client, timing
}

// onceSet does something when a timer of this length has been set so often.
func (t *fakeTiming) onceSet(wait time.Duration, times int, then func()) {
	t.mutex.Lock()
	for t.sets[wait] < times {
		t.setting.Wait()
	}
	t.mutex.Unlock()
	then()
}
