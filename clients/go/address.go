package llamactl

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const defaultURL = "http://127.0.0.1:8080"

// addressOf normalizes the address of a server. It removes a slash at its end, and the /api with which the API
// reference ends its base URL, or the /v1 of the base URL for OpenAI clients.
func addressOf(text string) (string, error) {
	if text == "" {
		text = defaultURL
	}
	// The protocol may be missing: localhost:8080.
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	given, err := url.Parse(text)
	if err != nil || given.Host == "" {
		return "", fmt.Errorf("llamactl: %q is no address; it looks like %s", text, defaultURL)
	}
	if given.Scheme != "http" && given.Scheme != "https" {
		return "", fmt.Errorf("llamactl: %q is no address of HTTP or HTTPS", text)
	}
	if given.User != nil {
		return "", errors.New("llamactl: credentials belong into WithToken, not into the address")
	}
	path := strings.TrimRight(given.EscapedPath(), "/")
	for _, suffix := range []string{"/api", "/v1"} {
		if shorter, isThere := strings.CutSuffix(path, suffix); isThere {
			path = shorter
			break
		}
	}
	return given.Scheme + "://" + given.Host + path, nil
}

// pathOf joins parts of a path. Parts with an odd index are names: it escapes them, so that none leads to another path.
func pathOf(parts ...string) (string, error) {
	var path strings.Builder
	for index, part := range parts {
		if index%2 == 0 {
			path.WriteString(part)
			continue
		}
		// Even escaped, these mean the folder itself and the one above.
		if part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("llamactl: %q is no name: it must begin with a letter or digit", part)
		}
		path.WriteString(url.PathEscape(part))
	}
	return path.String(), nil
}
