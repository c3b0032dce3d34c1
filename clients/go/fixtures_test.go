package llamactl

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const fixtures = "../../contract/fixtures"

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(fixtures, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func generic(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

// answered is what a call makes of the answer of a fixture.
func answered[Result any](call func(*Client) (Result, error)) func(*Client) (any, error) {
	return func(c *Client) (any, error) { return call(c) }
}

// golden is every example of the API reference, and the call that it is an example of.
var golden = map[string]func(*Client) (any, error){
	"list-instances.response": answered(func(c *Client) ([]InstanceSummary, error) { return c.ListInstances() }),
	"get-instance.response":   answered(func(c *Client) (*Instance, error) { return c.GetInstance("llama2-7b") }),
	"create-instance.response": answered(func(c *Client) (*InstanceCreated, error) {
		return c.CreateInstance(CreateInstance{Name: "my-instance"})
	}),
	"delete-instance.response":     answered(func(c *Client) (*Message, error) { return c.DeleteInstance("a") }),
	"start-instance.response":      answered(func(c *Client) (*Lifecycle, error) { return c.StartInstance("a") }),
	"stop-instance.response":       answered(func(c *Client) (*Lifecycle, error) { return c.StopInstance("a") }),
	"get-instance-health.response": answered(func(c *Client) (*Health, error) { return c.GetInstanceHealth("a") }),
	"get-instance-logs.response":   answered(func(c *Client) (*Logs, error) { return c.GetInstanceLogs("a") }),
	"get-system-status.response":   answered((*Client).GetSystemStatus),
	"get-system-info.response":     answered((*Client).GetSystemInfo),
	"login.response":               answered(func(c *Client) (*LoggedIn, error) { return c.Login(Login{}) }),
	"create-instance.request": answered(func(c *Client) (*InstanceCreated, error) {
		options := EngineOptions{"threads": 4, "context_size": 2048, "gpu_layers": 0}
		return c.CreateInstance(CreateInstance{Name: "my-instance", ModelPath: "/path/to/model.gguf", Port: 8081, Options: options})
	}),
	"create-example.request": answered(func(c *Client) (*InstanceCreated, error) {
		return c.CreateInstance(CreateInstance{Name: "example", ModelPath: "/models/example.gguf", Port: 8081})
	}),
	"update-instance.request": answered(func(c *Client) (*InstanceUpdated, error) {
		return c.UpdateInstance("a", UpdateInstance{Options: Set(map[string]any{"threads": 8, "context_size": 4096})})
	}),
	"stop-instance.request": answered(func(c *Client) (*Lifecycle, error) {
		return c.StopInstance("a", StopParams{Timeout: Ptr(30 * time.Second)})
	}),
	"login.request": answered(func(c *Client) (*LoggedIn, error) {
		return c.Login(Login{Username: "admin", Password: "password"})
	}),
	"error.response": answered(func(c *Client) (*Instance, error) { return c.GetInstance("a") }),
}

func TestEveryExampleOfTheReferenceIsReplayed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixtures, "*.json"))
	if err != nil || len(files) != len(golden) {
		t.Fatalf("%d examples, %d calls: %v", len(files), len(golden), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		call, isThere := golden[name]
		if !isThere {
			t.Errorf("%s has no call", name)
			continue
		}
		t.Run(name, func(t *testing.T) { replay(t, name, call) })
	}
}

func replay(t *testing.T, name string, call func(*Client) (any, error)) {
	text := fixture(t, name)
	status, body := 200, string(text)
	if strings.HasSuffix(name, ".request") {
		body = "{}"
	}
	if name == "error.response" {
		status = 409
	}
	server := newScriptedServer(t, says(status, body))
	client, _ := newTestClient(t, server.URL)
	got, err := call(client)
	switch {
	case name == "error.response":
		answered, isOne := err.(*Error)
		if !isOne || answered.Message != "Error message" || answered.Code != "ERROR_CODE" || answered.Details != "Additional error details" {
			t.Errorf("%#v", err)
		}
	case err != nil:
		t.Fatal(err)
	case strings.HasSuffix(name, ".request"):
		if sent := server.got()[0].Body; !reflect.DeepEqual(generic(t, []byte(sent)), generic(t, text)) {
			t.Errorf("%s instead of %s", sent, text)
		}
	default:
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		value := generic(t, again)
		if list, isList := value.([]any); isList {
			value = map[string]any{"instances": list}
		}
		if missing := lost(generic(t, text), value, name); len(missing) > 0 {
			t.Errorf("not kept: %s", strings.Join(missing, ", "))
		}
	}
}

// lost is the places of a value at which another has not the same.
func lost(wanted, got any, at string) (places []string) {
	switch wanted := wanted.(type) {
	case map[string]any:
		fields, isOne := got.(map[string]any)
		for key, value := range wanted {
			if !isOne {
				return []string{at}
			}
			places = append(places, lost(value, fields[key], at+"."+key)...)
		}
	case []any:
		items, isOne := got.([]any)
		if !isOne || len(items) != len(wanted) {
			return []string{at}
		}
		for index, value := range wanted {
			places = append(places, lost(value, items[index], at+"[]")...)
		}
	default:
		if !reflect.DeepEqual(wanted, got) {
			places = []string{at}
		}
	}
	return places
}
