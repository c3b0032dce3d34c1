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

// answerError is the error that an answer carries, whichever API it speaks: llamactl's own, or under /v1 OpenAI's or
// Anthropic's. What is neither comes from something in between.
func answerError(address string, status int, header http.Header, body []byte) error {
	retryAfter := retryAfterIn(header)
	if err := errorIn(body, status, header.Get("X-Request-Id"), retryAfter); err != nil {
		return err
	}
	said := fmt.Sprintf("%s answered %d to %s, and not in the way of llamactl: %s",
		originOf(address), status, pathIn(address), excerpt(body))
	return &ProtocolError{Message: said, URL: address, Status: status, RetryAfter: retryAfter}
}

// errorIn is the error in a body; nil: it is of no known form. Without a status it came in the middle of a stream, and
// is told by its type alone.
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

// typeStatus is what a type of OpenAI's or Anthropic's is worth.
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

// retryAfterIn is 0 where the header is not there, or is no number of seconds.
func retryAfterIn(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(strings.TrimSpace(header.Get("Retry-After")), 10, 30)
	if err != nil {
		return 0
	}
	// At once is something else than nothing.
	return max(time.Duration(seconds)*time.Second, 1)
}

var markup = regexp.MustCompile(`(?is)<style.*?</style>|<script.*?</script>|<[^>]*>`)

const longestExcerpt = 200

// excerpt is the beginning of a text, on one line.
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
