package llamactl

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const defaultURL = "http://127.0.0.1:8080"

// addressOf is where a server is, without a slash at its end, and without the /api that the documentation of the API
// ends its base URL with.
func addressOf(text string) (string, error) {
	if text == "" {
		text = defaultURL
	}
	// What people type may lack the protocol: localhost:8080.
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
	path := strings.TrimSuffix(strings.TrimRight(given.EscapedPath(), "/"), "/api")
	return given.Scheme + "://" + given.Host + path, nil
}

// pathOf puts names behind each other, escaped, so that none leads elsewhere. An odd part is a name.
func pathOf(parts ...string) (string, error) {
	var path strings.Builder
	for index, part := range parts {
		if index%2 == 0 {
			path.WriteString(part)
			continue
		}
		// A URL has no way to say these: even escaped they mean the folder itself, and the one above.
		if part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("llamactl: %q is no name: it must begin with a letter or digit", part)
		}
		path.WriteString(url.PathEscape(part))
	}
	return path.String(), nil
}
