package llamactl

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// answerError converts an error answer of llamactl, or of OpenAI's or Anthropic's API under /v1, to an error. Any other
// answer comes from another program, such as a proxy in between.
func answerError(address string, status int, header http.Header, body []byte) error {
	retryAfter := retryAfterIn(header)
	err := errorIn(body, status, header.Get("X-Request-Id"), retryAfter)
	if err != nil && (isOwnError(body) || strings.Contains(pathIn(address), "/v1/")) {
		return err
	}
	said := fmt.Sprintf("%s answered %d to %s, and not in the way of llamactl: %s",
		originOf(address), status, pathIn(address), excerpt(body))
	return &ProtocolError{Message: said, URL: address, Status: status, RetryAfter: retryAfter}
}

// isOwnError reports whether a body has the form of llamactl's errors. A llama-server refuses every path in OpenAI's format,
// and has no log-in to offer.
func isOwnError(body []byte) bool {
	var own struct {
		Error *string
		Code  *string
	}
	return json.Unmarshal(body, &own) == nil && own.Error != nil && own.Code != nil
}

// errorIn returns the error in a body, or nil if the body has no known form. An error in the middle of a stream has no
// status: its type gives the status.
func errorIn(body []byte, status int, requestID string, retryAfter time.Duration) *Error {
	var own errorBody
	if json.Unmarshal(body, &own) == nil && own.Error != "" {
		if own.RequestID != "" {
			requestID = own.RequestID
		}
		return &Error{
			Message: own.Error, Code: own.Code, Status: statusOr(status, http.StatusInternalServerError),
			Details: own.Details, RequestID: requestID, Problems: own.Errors, Reason: own.Reason, RetryAfter: retryAfter,
		}
	}
	var foreign struct {
		Error struct {
			Message string
			Type    string
			Code    any
		}
		RequestID string `json:"request_id"`
	}
	if json.Unmarshal(body, &foreign) != nil || foreign.Error.Message == "" {
		return nil
	}
	inner := foreign.Error
	if foreign.RequestID != "" {
		requestID = foreign.RequestID
	}
	code, isText := inner.Code.(string)
	if !isText {
		code = inner.Type
	}
	meant := typeStatus(inner.Type)
	if number, isNumber := inner.Code.(float64); isNumber {
		meant = int(number)
	}
	return &Error{
		Message: inner.Message, Code: Code(code), Status: statusOr(status, meant),
		RequestID: requestID, RetryAfter: retryAfter,
	}
}

func statusOr(status, other int) int {
	if status == 0 {
		return other
	}
	return status
}

// typeStatus returns the HTTP status for an error type of OpenAI or Anthropic.
func typeStatus(kind string) int {
	switch kind {
	case "invalid_request_error":
		return http.StatusBadRequest
	case "authentication_error":
		return http.StatusUnauthorized
	case "permission_error":
		return http.StatusForbidden
	case "not_found_error":
		return http.StatusNotFound
	case "rate_limit_error":
		return http.StatusTooManyRequests
	}
	return http.StatusInternalServerError
}

// retryAfterIn returns the header Retry-After, or 0 if it is absent or not a number of seconds.
func retryAfterIn(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(strings.TrimSpace(header.Get("Retry-After")), 10, 30)
	if err != nil {
		return 0
	}
	// "At once" must differ from an absent header, which is 0.
	return max(time.Duration(seconds)*time.Second, 1)
}

var markup = regexp.MustCompile(`(?is)<style.*?</style>|<script.*?</script>|<[^>]*>`)

const longestExcerpt = 200

// excerpt returns the beginning of a text on one line.
func excerpt(text []byte) string {
	bare := markup.ReplaceAllString(strings.ToValidUTF8(string(text), ""), " ")
	words := strings.FieldsFunc(bare, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	line := []rune(strings.Join(words, " "))
	if len(line) == 0 {
		return "(nothing)"
	}
	if len(line) > longestExcerpt {
		return string(line[:longestExcerpt]) + "…"
	}
	return string(line)
}
