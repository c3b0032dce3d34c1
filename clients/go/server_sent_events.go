package llamactl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	firstBuffer = 4 << 10
	// Most bytes of one line, which has a line of a log or a chunk of an answer.
	longestLine = 64 << 20
)

// linesOf reads the body of an answer line by line, until it ends.
type linesOf struct {
	answer  *openAnswer
	scanner *bufio.Scanner
}

// newLinesOf returns a reader that fails when the server is silent for too long; 0: no limit.
func newLinesOf(answer *openAnswer, silence time.Duration) *linesOf {
	scanner := bufio.NewScanner(&watchedReader{answer, silence})
	scanner.Buffer(make([]byte, 0, firstBuffer), longestLine)
	scanner.Split(splitLines)
	return &linesOf{answer, scanner}
}

// next returns the next line without its end, or [io.EOF] after the last one.
func (l *linesOf) next() ([]byte, error) {
	// After the context ends, lines that already arrived are not wanted either.
	if err := l.answer.deadline.reason(); err != nil {
		return nil, err
	}
	if l.scanner.Scan() {
		return l.scanner.Bytes(), nil
	}
	err := l.scanner.Err()
	switch reason := l.answer.deadline.reason(); {
	case reason != nil:
		return nil, reason
	case errors.Is(err, bufio.ErrTooLong):
		said := fmt.Sprintf("%s sent a line of more than %d bytes", l.answer.url, longestLine)
		return nil, &ProtocolError{Message: said, URL: l.answer.url, Err: err}
	case err != nil:
		return nil, connectionError(l.answer.url, err)
	}
	return nil, io.EOF
}

// watchedReader limits the silence of the server. The time that the caller takes does not count.
type watchedReader struct {
	answer  *openAnswer
	silence time.Duration
}

func (r *watchedReader) Read(into []byte) (int, error) {
	r.answer.deadline.within(r.silence, r.answer.url)
	defer r.answer.deadline.within(0, r.answer.url)
	return r.answer.body.Read(into)
}

// splitLines splits lines at any of the three line ends of Server-Sent Events.
func splitLines(data []byte, isEnd bool) (advance int, line []byte, err error) {
	end := bytes.IndexAny(data, "\r\n")
	switch {
	case end == -1 && isEnd && len(data) > 0:
		return len(data), data, nil
	case end == -1:
		return 0, nil, nil
	case data[end] == '\n':
		return end + 1, data[:end], nil
	case end+1 < len(data) && data[end+1] == '\n':
		return end + 2, data[:end], nil
	case end+1 == len(data) && !isEnd:
		// A carriage return may be the first half of a line end.
		return 0, nil, nil
	}
	return end + 1, data[:end], nil
}

// eventReader reads the data of Server-Sent Events (HTML standard, 9.2).
type eventReader struct {
	lines   *linesOf
	isBegun bool
}

// next returns the data of the next event, or [io.EOF] after the last one. An incomplete event is dropped.
func (r *eventReader) next() ([]byte, error) {
	var data []byte
	hasData := false
	for {
		line, err := r.lines.next()
		if err != nil {
			return nil, err
		}
		if !r.isBegun {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
			r.isBegun = true
		}
		if len(line) == 0 && hasData {
			return data, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if string(name) != "data" {
			continue
		}
		if hasData {
			data = append(data, '\n')
		}
		data = append(data, bytes.TrimPrefix(value, []byte(" "))...)
		hasData = true
	}
}
