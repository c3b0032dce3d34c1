package llamactl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a real server is reached by: its address, a model file that it can read, and what that model always says.
const (
	urlVariable      = "LLAMACTL_TEST_URL"
	modelVariable    = "LLAMACTL_TEST_MODEL"
	sentenceVariable = "LLAMACTL_TEST_SENTENCE"
)

// realServer is the address of a server for tests that need one.
func realServer(t *testing.T) string {
	t.Helper()
	url := os.Getenv(urlVariable)
	if url == "" {
		t.Skipf("%s names no server", urlVariable)
	}
	return url
}

type step struct {
	Do, Operation, Name, Status, Until, Model, Prompt, Answer string

	Wait, Stream       bool
	Body               json.RawMessage
	Types              []EventType
	Instances          []string
	Statuses           []Status
	Expect, ExpectItem map[string]any
	Fails              *struct {
		Status int
		Code   Code
	}
}

// TestTheSharedScenario is the life of an instance that every client lives: clients/scenario.json.
func TestTheSharedScenario(t *testing.T) {
	url := realServer(t)
	text, err := os.ReadFile("../scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer(
		"{instance}", "scenario-go", "{model}", jsonText(t, os.Getenv(modelVariable)), "{sentence}", jsonText(t, os.Getenv(sentenceVariable)),
	).Replace(string(text))
	var scenario struct{ Steps []step }
	if err := json.Unmarshal([]byte(filled), &scenario); err != nil {
		t.Fatal(err)
	}
	if len(scenario.Steps) == 0 {
		t.Fatal("it has no steps")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := &player{client: NewClient(url), ctx: ctx}
	defer p.stop()
	for index, step := range scenario.Steps {
		if err := p.play(step); err != nil {
			t.Fatalf("step %d, %s %s: %v", index+1, step.Do, step.Operation, err)
		}
	}
}

// jsonText is a text as it stands in JSON, between its quotation marks.
func jsonText(t *testing.T, text string) string {
	t.Helper()
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded[1 : len(encoded)-1])
}

type player struct {
	client *Client
	ctx    context.Context
	hear   func() (Event, error, bool)
	hush   func()
}

func (p *player) stop() {
	if p.hush != nil {
		p.hush()
	}
}

func (p *player) play(s step) error {
	switch s.Do {
	case "call":
		got, err := p.call(s)
		return judge(s, got, err)
	case "listen":
		// From the beginning: otherwise only events after the connection would come.
		params := EventsParams{Types: s.Types, Instances: s.Instances, AfterSeq: Ptr[int64](0)}
		p.hear, p.hush = iter.Pull2(p.client.EventsContext(p.ctx, params))
		return nil
	case "hear":
		for _, status := range s.Statuses {
			event, err, isThere := p.hear()
			if err != nil || !isThere {
				return fmt.Errorf("waiting for %s: %w", status, err)
			}
			if data, isOne := event.Data.(*InstanceStatusChangedEvent); !isOne || data.Status != status {
				return fmt.Errorf("%+v instead of %s", event.Data, status)
			}
		}
		return nil
	case "follow":
		for item, err := range p.client.FollowLogsContext(p.ctx, s.Name) {
			if err != nil {
				return err
			}
			if strings.Contains(item.Message, s.Until) {
				return nil
			}
		}
		return errors.New("the log ended")
	case "chat":
		return p.chat(s)
	}
	return fmt.Errorf("%s is not known here", s.Do)
}

func (p *player) chat(s step) error {
	body := ChatRequest{
		Model: s.Model, Messages: []ChatMessage{{Role: "user", Content: s.Prompt}}, Temperature: Ptr(0.0), MaxTokens: Ptr(64),
	}
	answer := ""
	if s.Stream {
		for chunk, err := range p.client.StreamChatContext(p.ctx, body) {
			if err != nil {
				return err
			}
			answer += chunk.Text()
		}
	} else {
		whole, err := p.client.ChatContext(p.ctx, body)
		if err != nil {
			return err
		}
		answer = whole.Text()
	}
	if answer != s.Answer {
		return fmt.Errorf("%q instead of %q", answer, s.Answer)
	}
	return nil
}

func (p *player) call(s step) (any, error) {
	switch s.Operation {
	case "createInstance":
		var body CreateInstance
		if err := json.Unmarshal(s.Body, &body); err != nil {
			return nil, err
		}
		created, err := p.client.CreateInstanceContext(p.ctx, body)
		if err != nil {
			return nil, err
		}
		return created.Instance, nil
	case "startInstance":
		return p.client.StartInstanceContext(p.ctx, s.Name, StartParams{Wait: s.Wait})
	case "stopInstance":
		return p.client.StopInstanceContext(p.ctx, s.Name, StopParams{Wait: s.Wait})
	case "getInstance":
		return p.client.GetInstanceContext(p.ctx, s.Name)
	case "listInstances":
		return p.client.ListInstancesContext(p.ctx, ListInstancesParams{Status: Status(s.Status)})
	case "deleteInstance":
		return p.client.DeleteInstanceContext(p.ctx, s.Name)
	}
	return nil, fmt.Errorf("%s is not known here", s.Operation)
}

func judge(s step, got any, err error) error {
	if s.Fails != nil {
		var answered *Error
		if !errors.As(err, &answered) || answered.Status != s.Fails.Status || !errors.Is(err, s.Fails.Code) {
			return fmt.Errorf("%w instead of %d %s", err, s.Fails.Status, s.Fails.Code)
		}
		return nil
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(got)
	if err != nil {
		return err
	}
	if s.ExpectItem != nil {
		var items []map[string]any
		if err := json.Unmarshal(text, &items); err != nil {
			return err
		}
		if !slices.ContainsFunc(items, func(item map[string]any) bool { return holds(item, s.ExpectItem) }) {
			return fmt.Errorf("no item of %s is %v", text, s.ExpectItem)
		}
	}
	if s.Expect == nil {
		return nil
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	if !holds(fields, s.Expect) {
		return fmt.Errorf("%s instead of %v", text, s.Expect)
	}
	return nil
}

func holds(fields, wanted map[string]any) bool {
	for name, value := range wanted {
		if !reflect.DeepEqual(fields[name], value) {
			return false
		}
	}
	return true
}
