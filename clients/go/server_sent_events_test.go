package llamactl

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestEventsAreReadInAnyPieces(t *testing.T) {
	const text = "\ufeffdata: zero\r\ndata: one\r\n\r\n: comment\nevent: x\ndata:two\ndata\ndata:  three\n\nid: 1\n\ndata: four\r\rdata: cut off\n"
	for name, reader := range map[string]io.Reader{
		"at once":     strings.NewReader(text),
		"byte by one": iotest.OneByteReader(strings.NewReader(text)),
	} {
		answer := &openAnswer{body: io.NopCloser(reader), deadline: newDeadline(t.Context(), newFakeTiming())}
		events := eventReader{lines: newLinesOf(answer, 0)}
		var got []string
		for {
			data, err := events.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(data))
		}
		if !slices.Equal(got, []string{"zero\none", "two\n\n three", "four"}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
