package llamactl

import (
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for given, wanted := range map[string]string{
		"":                              "http://127.0.0.1:8080",
		"localhost:8080":                "http://localhost:8080",
		"http://localhost:8080/":        "http://localhost:8080",
		"http://localhost:8080/api":     "http://localhost:8080",
		"http://localhost:8080/v1/":     "http://localhost:8080",
		"https://example.org/llm//":     "https://example.org/llm",
		"https://example.org/llm/api/":  "https://example.org/llm",
		"https://example.org/api/api":   "https://example.org/api",
		"http://[::1]:8080":             "http://[::1]:8080",
		"https://example.org/a%2Fb/api": "https://example.org/a%2Fb",
	} {
		if got := NewClient(given).URL(); got != wanted {
			t.Errorf("%q leads to %q instead of %q", given, got, wanted)
		}
	}
}

func TestWhatIsNoAddressIsToldByEveryCall(t *testing.T) {
	for given, wanted := range map[string]string{
		"ftp://localhost":         "no address of HTTP or HTTPS",
		"http://":                 "is no address; it looks like http://127.0.0.1:8080",
		"http://a:b@localhost":    "credentials belong into WithToken",
		"http://local host:8080/": "is no address",
	} {
		_, err := NewClient(given).ListInstances()
		if err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q: %v does not say %q", given, err, wanted)
		}
	}
}

func TestNoNameLeadsElsewhere(t *testing.T) {
	server := newScriptedServer(t, says(200, `{}`))
	client := NewClient(server.URL)
	for _, name := range []string{"", ".", ".."} {
		if _, err := client.GetInstance(name); err == nil || !strings.Contains(err.Error(), "is no name") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := client.GetInstance("a/../b?c d"); err != nil {
		t.Fatal(err)
	}
	if got := server.got(); len(got) != 1 || got[0].Path != "/api/instances/a%2F..%2Fb%3Fc%20d" {
		t.Errorf("%v", got)
	}
}
