package llamactl

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Where the real server is restarted by a POST, with the signal in its path that ends it.
const restartVariable = "LLAMACTL_TEST_RESTART"

func restartServer(t *testing.T, signal string) {
	t.Helper()
	got, err := http.Post(os.Getenv(restartVariable)+"/"+signal, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	if got.StatusCode != http.StatusOK {
		t.Fatal(got.Status)
	}
}

func TestNothingIsMissedOverRestartsOfTheServer(t *testing.T) {
	url := realServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	client := NewClient(url)
	const name = "restarts-go"
	if _, err := client.CreateInstanceContext(ctx, CreateInstance{Name: name, ModelPath: os.Getenv(modelVariable)}); err != nil {
		t.Fatal(err)
	}
	startWaiting := StartParams{Wait: true}
	if _, err := client.StartInstanceContext(ctx, name, startWaiting); err != nil {
		t.Fatal(err)
	}
	lines := make(chan LogItem, 10_000)
	received := make(chan string, 10_000)
	failures := make(chan error, 2)
	listening, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer close(lines)
		for item, err := range client.FollowLogsContext(ctx, name, FollowLogsParams{Lines: Ptr(10_000)}) {
			if err != nil {
				failures <- err
				return
			}
			lines <- item
		}
	}()
	go func() {
		defer close(received)
		params := EventsParams{Instances: []string{name}, Types: []EventType{EventTypeInstanceStatusChanged}, AfterSeq: Ptr[int64](0)}
		for event, err := range client.EventsContext(listening, params) {
			if listening.Err() != nil {
				return
			}
			if err != nil {
				failures <- err
				return
			}
			data := event.Data.(*InstanceStatusChangedEvent)
			received <- fmt.Sprintf("%s → %s", data.PreviousStatus, data.Status)
		}
	}()
	expect := func(wanted ...string) {
		t.Helper()
		for _, each := range wanted {
			if got, isThere := <-received; got != each {
				t.Fatalf("%q instead of %q (%v)", got, each, isThere)
			}
		}
	}
	expect("stopped → starting", "starting → running")
	var past []LogItem
	for _, signal := range []string{"SIGKILL", "SIGTERM"} {
		for item := range lines {
			past = append(past, item)
			if strings.Contains(item.Message, "listening on http") {
				break
			}
		}
		restartServer(t, signal)
		if _, err := client.RestartInstanceContext(ctx, name, StopParams{Wait: true}); err != nil {
			t.Fatal(err)
		}
		expect("running → restarting", "restarting → starting", "starting → running")
	}
	if _, err := client.StopInstanceContext(ctx, name, StopParams{Wait: true}); err != nil {
		t.Fatal(err)
	}
	expect("running → stopping", "stopping → stopped")
	stop()
	logs, err := client.GetInstanceLogsContext(ctx, name, GetInstanceLogsParams{Lines: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for len(past) < len(logs.Logs) {
		item, isThere := <-lines
		if !isThere {
			t.Fatal(<-failures)
		}
		past = append(past, item)
	}
	if _, err := client.DeleteInstanceContext(ctx, name); err != nil {
		t.Fatal(err)
	}
	for item := range lines {
		past = append(past, item)
	}
	for range received {
	}
	var wanted []LogItem
	for _, entry := range logs.Logs {
		wanted = append(wanted, LogItem{LogEntry: entry})
	}
	if !reflect.DeepEqual(past, wanted) {
		t.Errorf("%d lines instead of %d", len(past), len(wanted))
	}
	close(failures)
	for err := range failures {
		t.Error(err)
	}
}
