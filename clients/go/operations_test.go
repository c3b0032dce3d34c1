package llamactl

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

type operation struct {
	method, path string
	ID           string `json:"operationId"`
	Parameters   []struct{ Name, In string }
	RequestBody  *struct{ Content map[string]struct{} }
}

// operations are those of the OpenAPI document of the server.
func operations(t *testing.T) (all []operation) {
	t.Helper()
	text, err := os.ReadFile("../../openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	for path, methods := range document.Paths {
		for method, text := range methods {
			if method == "parameters" {
				continue
			}
			each := operation{method: strings.ToUpper(method), path: path}
			if err := json.Unmarshal(text, &each); err != nil {
				t.Fatal(err)
			}
			all = append(all, each)
		}
	}
	if len(all) < 30 {
		t.Fatalf("only %d operations", len(all))
	}
	return all
}

// methodNamed finds a method of the client by the name that an operation has.
func methodNamed(name string) (reflect.Method, bool) {
	client := reflect.TypeFor[*Client]()
	for method := range methodsOf(client) {
		if strings.EqualFold(method.Name, name) {
			return method, true
		}
	}
	return reflect.Method{}, false
}

func methodsOf(t reflect.Type) func(yield func(reflect.Method) bool) {
	return func(yield func(reflect.Method) bool) {
		for index := range t.NumMethod() {
			if !yield(t.Method(index)) {
				return
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

func TestEveryOperationOfTheDocumentIsAMethodWithAContextTwin(t *testing.T) {
	for _, operation := range operations(t) {
		for _, name := range []string{operation.ID, operation.ID + "Context"} {
			method, isThere := methodNamed(name)
			if !isThere {
				t.Errorf("%s is missing", name)
				continue
			}
			t.Run(name, func(t *testing.T) { check(t, operation, method) })
		}
	}
}

// check calls a method with names and empty bodies, and looks at what it sends.
func check(t *testing.T, operation operation, method reflect.Method) {
	server := newScriptedServer(t, says(200, "{}"))
	client, _ := newTestClient(t, server.URL)
	in := []reflect.Value{reflect.ValueOf(client)}
	for index := 1; index < method.Type.NumIn(); index++ {
		kind := method.Type.In(index)
		switch {
		case kind == reflect.TypeFor[context.Context]():
			in = append(in, reflect.ValueOf(t.Context()))
		case method.Type.IsVariadic() && index == method.Type.NumIn()-1:
			if kind.Elem().Kind() == reflect.String {
				in = append(in, reflect.ValueOf("x y"))
			}
		case kind.Kind() == reflect.String:
			in = append(in, reflect.ValueOf("x y"))
		default:
			in = append(in, reflect.Zero(kind))
		}
	}
	out := method.Func.Call(in)
	if err := out[len(out)-1]; !err.IsNil() {
		t.Fatal(err)
	}
	got := server.got()[0]
	got.Path, _, _ = strings.Cut(got.Path, "?")
	path := placeholder.ReplaceAllString(operation.path, "x%20y")
	if got.Method != operation.method || got.Path != path {
		t.Errorf("%s %s instead of %s %s", got.Method, got.Path, operation.method, path)
	}
	if got.Body != "" && operation.RequestBody == nil {
		t.Errorf("it sends %s", got.Body)
	}
}

func TestEveryCallHasAContextTwinOfTheSameForm(t *testing.T) {
	client := reflect.TypeFor[*Client]()
	count := 0
	for method := range methodsOf(client) {
		name := strings.TrimSuffix(method.Name, "Context")
		if slices.Contains([]string{"URL", "With"}, name) || name != method.Name {
			continue
		}
		count++
		twin, isThere := client.MethodByName(name + "Context")
		if !isThere {
			t.Errorf("%s has no twin", name)
			continue
		}
		var in, out []reflect.Type
		for index := range method.Type.NumIn() {
			in = append(in, method.Type.In(index))
		}
		for index := range method.Type.NumOut() {
			out = append(out, method.Type.Out(index))
		}
		in = slices.Insert(in, 1, reflect.TypeFor[context.Context]())
		if wanted := reflect.FuncOf(in, out, method.Type.IsVariadic()); twin.Type != wanted {
			t.Errorf("%s is %v instead of %v", twin.Name, twin.Type, wanted)
		}
	}
	if count < 38 {
		t.Errorf("only %d calls", count)
	}
}

// Called with all parameters, a method sends every parameter of the document.
func TestEveryParameterOfAnOperationCanBeGiven(t *testing.T) {
	server := newScriptedServer(t, says(200, "{}"))
	client, _ := newTestClient(t, server.URL)
	full := map[string]func() error{
		"listInstances": func() error { _, err := client.ListInstances(ListInstancesParams{StatusRunning}); return err },
		"createInstance": func() error {
			_, err := client.CreateInstance(CreateInstance{}, CreateInstanceParams{true})
			return err
		},
		"updateInstance": func() error {
			_, err := client.UpdateInstance("a", UpdateInstance{}, UpdateInstanceParams{"e", true, true})
			return err
		},
		"startInstance": func() error { _, err := client.StartInstance("a", StartParams{Wait: true}); return err },
		"stopInstance":  func() error { _, err := client.StopInstance("a", StopParams{Force: true, Wait: true}); return err },
		"restartInstance": func() error {
			_, err := client.RestartInstance("a", StopParams{Wait: true})
			return err
		},
		"getInstanceLogs": func() error {
			_, err := client.GetInstanceLogs("a", GetInstanceLogsParams{5, LogLevelWarn, 7, 9, "x y"})
			return err
		},
		"getInstanceStats": func() error { _, err := client.GetInstanceStats("a", GetInstanceStatsParams{3e9}); return err },
		"getFleetStats":    func() error { _, err := client.GetFleetStats(GetFleetStatsParams{3e9, 5}); return err },
		"getSystemStats":   func() error { _, err := client.GetSystemStats(GetSystemStatsParams{3e9}); return err },
		"applyFleet":       func() error { _, err := client.ApplyFleet(Fleet{}, ApplyParams{true, true}); return err },
		"listRequests": func() error {
			_, err := client.ListRequests(ListRequestsParams{Ptr(0), 1, "a", "b", RequestOutcomeOk, 1e9})
			return err
		},
		"getUsage": func() error { _, err := client.GetUsage(UsageParams{UsageGroupUser, 3e9}); return err },
		"endAllSessions": func() error {
			_, err := client.EndAllSessions(EndSessionsParams{Others: true})
			return err
		},
		"searchModels": func() error { _, err := client.SearchModels("a b", SearchModelsParams{5}); return err },
		"listQuants":   func() error { _, err := client.ListQuants("a/b", ListQuantsParams{"v1"}); return err },
		"getAudit": func() error {
			_, err := client.GetAudit(AuditParams{1, 2, "a", "b", "c", "part", time.Unix(1, 0), time.Unix(2, 0), "4xx"})
			return err
		},
		"exportFleet": func() error { _, err := client.ExportFleet(ExportFleetParams{[]string{"a", "b"}}); return err },
		"listEvents": func() error {
			_, err := client.ListEvents(ListEventsParams{"a", 2, 3, EventTypeSystemAlert})
			return err
		},
		"getAlertHistory": func() error { _, err := client.GetAlertHistory(AlertHistoryParams{"a", 2, 3}); return err },
		"getSystemLogs": func() error {
			_, err := client.GetSystemLogs(GetSystemLogsParams{5, LogLevelWarn, "x y"})
			return err
		},
	}
	for _, operation := range operations(t) {
		var wanted []string
		for _, each := range operation.Parameters {
			// Followed and resumed is by FollowLogs.
			if isFollowing := each.Name == "follow" || each.Name == "Last-Event-ID"; each.Name != "" && !isFollowing {
				wanted = append(wanted, each.In+" "+each.Name)
			}
		}
		if len(wanted) == 0 {
			continue
		}
		call, isThere := full[operation.ID]
		if !isThere {
			t.Errorf("%s has parameters that no call here gives", operation.ID)
			continue
		}
		if err := call(); err != nil {
			t.Fatal(err)
		}
		all := server.got()
		got := all[len(all)-1]
		given, err := url.ParseRequestURI(got.Path)
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range wanted {
			in, name, _ := strings.Cut(each, " ")
			isGiven := given.Query().Has(name)
			if in == "header" {
				isGiven = got.Header.Get(name) != ""
			}
			if !isGiven {
				t.Errorf("%s lacks %s: %s", operation.ID, each, got.Path)
			}
		}
	}
}

func TestProbesSayWhatTheServerIsBusyWith(t *testing.T) {
	server := newScriptedServer(t, says(http.StatusServiceUnavailable, `{"status":"starting"}`))
	client, _ := newTestClient(t, server.URL)
	for _, call := range []func() (*Probe, error){client.GetReadiness, client.GetHealth} {
		if probe, err := call(); err != nil || probe.Status != "starting" {
			t.Error(probe, err)
		}
	}
}

func TestSettingsAreRemovedByNull(t *testing.T) {
	server := newScriptedServer(t, says(200, "{}"))
	client, _ := newTestClient(t, server.URL)
	changes := UpdateInstance{
		Port: Remove[int](), Pinned: Set(false), Aliases: Set([]string{}), IdleTimeout: Set(0.0),
		Options: Set(map[string]any{"threads": nil}), Environment: Set(map[string]*string{"A": Ptr("1"), "B": nil}),
	}
	if _, err := client.UpdateInstance("a", changes, UpdateInstanceParams{IfMatch: `"e"`, Restart: true}); err != nil {
		t.Fatal(err)
	}
	wanted := `{"port":null,"options":{"threads":null},"environment":{"A":"1","B":null},"aliases":[],"idle_timeout":0,"pinned":false}`
	if got := server.got()[0]; got.Body != wanted || got.Header.Get("If-Match") != `"e"` || got.Path != "/api/instances/a?apply=restart" {
		t.Error(got)
	}
	var read UpdateInstance
	if err := json.Unmarshal([]byte(wanted), &read); err != nil || !reflect.DeepEqual(read, changes) {
		t.Errorf("%+v %v", read, err)
	}
}

func TestFleetsGoAsDocumentsAndAsText(t *testing.T) {
	server := newScriptedServer(t, says(200, "{}"))
	client, _ := newTestClient(t, server.URL)
	if _, err := client.ApplyFleet(Fleet{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.ApplyFleetText([]byte("instances: []")); err != nil {
		t.Fatal(err)
	}
	if text, err := client.ExportFleetYAML(); err != nil || text != "{}" {
		t.Error(text, err)
	}
	got := server.got()
	if got[0].Body != `{"instances":[]}` || got[1].Body != "instances: []" || got[1].Header.Get("Content-Type") != mediaYAML || got[2].Header.Get("Accept") != mediaYAML {
		t.Error(got)
	}
}

func TestAnyRequestHasItsHeaders(t *testing.T) {
	server := newScriptedServer(t, says(200, `{"name":"a"}`, "ETag", `"e"`))
	client, _ := newTestClient(t, server.URL)
	response, err := client.Do(Request{Method: http.MethodGet, Path: "/api/instances/a", Query: url.Values{"x": {"1"}}})
	if err != nil || response.Status != 200 || response.Header.Get("ETag") != `"e"` {
		t.Fatalf("%+v %v", response, err)
	}
	var instance Instance
	if err := response.Decode(&instance); err != nil || instance.Name != "a" || server.got()[0].Path != "/api/instances/a?x=1" {
		t.Error(instance, err)
	}
}

func TestTheVersionIsThatOfLlamactl(t *testing.T) {
	text, err := os.ReadFile("../../package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Version string }
	if err := json.Unmarshal(text, &manifest); err != nil || manifest.Version != Version {
		t.Errorf("%s instead of %s: %v", Version, manifest.Version, err)
	}
}
