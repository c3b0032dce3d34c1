package llamactl

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

func piece(text string) string {
	return `data: {"id":"c","choices":[{"index":0,"delta":{"content":"` + text + `"}}],"timings":{"n":1}}` + "\r\n\r\n"
}

const usage = `data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}` + "\n\n"

func ask() ChatRequest {
	return ChatRequest{
		Model: "a", Messages: []ChatMessage{{Role: "user", Content: "Hello"}},
		Temperature: Ptr(0.0), Extra: map[string]any{"seed": 7},
	}
}

func TestAnAnswerComesInPieces(t *testing.T) {
	server := newScriptedServer(t, streams(mediaEvents+"; charset=utf-8", ": it loads\n\n"+piece("Hel")+piece("lo")+usage+"data: [DONE]\n\n", false))
	client, _ := newTestClient(t, server.URL)
	text := ""
	var last ChatChunk
	for chunk, err := range client.StreamChat(ask()) {
		if err != nil {
			t.Fatal(err)
		}
		text += chunk.Text()
		last = chunk
	}
	if text != "Hello" || last.Usage == nil || last.Usage.TotalTokens != 3 || len(last.Raw) == 0 {
		t.Errorf("%q %+v", text, last)
	}
	wanted := `{"messages":[{"role":"user","content":"Hello"}],"model":"a","seed":7,"stream":true,"temperature":0}`
	if got := server.got()[0]; got.Body != wanted || got.Path != "/v1/chat/completions" {
		t.Error(got)
	}
}

func TestAnAnswerComesWhole(t *testing.T) {
	server := newScriptedServer(t, says(200, `{"id":"c","model":"a","choices":[{"index":0,"finish_reason":"stop",
		"message":{"role":"assistant","content":"Hello"}}],"usage":{"total_tokens":3},"timings":{"predicted_n":2}}`))
	client, _ := newTestClient(t, server.URL)
	answer, err := client.Chat(ask())
	if err != nil || answer.Text() != "Hello" || answer.Choices[0].FinishReason != "stop" || answer.Usage.TotalTokens != 3 {
		t.Fatalf("%+v %v", answer, err)
	}
	var more struct{ Timings map[string]int }
	if err := json.Unmarshal(answer.Raw, &more); err != nil || more.Timings["predicted_n"] != 2 {
		t.Error(more, err)
	}
}

func TestTheMethodSaysWhetherAnAnswerComesWhole(t *testing.T) {
	server := newScriptedServer(t, says(200, `{"choices":[]}`), streams(mediaEvents, "data: [DONE]\n\n", false))
	client, _ := newTestClient(t, server.URL)
	asking := func(is any) ChatRequest { return ChatRequest{Model: "a", Extra: map[string]any{"stream": is}} }
	for _, wish := range []any{true, "yes", map[string]any{}} {
		if _, err := client.Chat(asking(wish)); err == nil || !strings.Contains(err.Error(), "StreamChat in pieces") {
			t.Error(wish, err)
		}
	}
	var failure error
	for _, err := range client.StreamChat(asking(false)) {
		failure = err
	}
	if failure == nil || !strings.Contains(failure.Error(), "Chat gives an answer whole") || len(server.got()) != 0 {
		t.Error(failure)
	}
	if _, err := client.Chat(asking(false)); err != nil {
		t.Error(err)
	}
	for _, err := range client.StreamChat(asking(true)) {
		t.Error(err)
	}
}

// chatFailure is the text until a failure, and that.
func chatFailure(t *testing.T, text string, isBroken bool) (string, error) {
	t.Helper()
	client, _ := newTestClient(t, newScriptedServer(t, streams(mediaEvents, text, isBroken)).URL)
	said := ""
	for chunk, err := range client.StreamChat(ask()) {
		if err != nil {
			return said, err
		}
		said += chunk.Text()
	}
	return said, nil
}

func TestAnAnswerThatIsNotWholeIsAnError(t *testing.T) {
	var connection *ConnectionError
	if said, err := chatFailure(t, piece("Hel"), false); said != "Hel" || !errors.As(err, &connection) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(said, err)
	}
	if said, err := chatFailure(t, piece("Hel"), true); said != "Hel" || !errors.As(err, &connection) {
		t.Error(said, err)
	}
	var answered *Error
	broken := piece("Hel") + `data: {"error":{"message":"It died.","type":"server_error","code":"engine_died"}}` + "\n\n"
	if said, err := chatFailure(t, broken, false); said != "Hel" || !errors.As(err, &answered) || answered.Status != 500 || answered.Code != "engine_died" {
		t.Error(said, err)
	}
	var foreign *ProtocolError
	if _, err := chatFailure(t, "data: Hello\n\n", false); !errors.As(err, &foreign) {
		t.Error(err)
	}
}

func TestWhoReadsNoMoreEndsTheAnswer(t *testing.T) {
	isGone := make(chan struct{})
	client, _ := newTestClient(t, newScriptedServer(t, lasts(mediaEvents, piece("Hel"), isGone)).URL)
	for range client.StreamChat(ask()) {
		break
	}
	<-isGone
}

func TestToolsAreCalledInPieces(t *testing.T) {
	called := `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"weather","arguments":"{"}}]}}]}` + "\n\ndata: [DONE]\n\n"
	client, _ := newTestClient(t, newScriptedServer(t, streams(mediaEvents, called, false)).URL)
	for chunk, err := range client.StreamChat(ask()) {
		wanted := []ToolCall{{ID: "t", Type: "function", Function: ToolCallFunction{Name: "weather", Arguments: "{"}}}
		if err != nil || !reflect.DeepEqual(chunk.Choices[0].Delta.ToolCalls, wanted) {
			t.Errorf("%+v %v", chunk, err)
		}
	}
}

func TestTheAuditTrailComesRowByRow(t *testing.T) {
	row := func(seq string) string {
		return `{"seq":` + seq + `,"timestamp":"2026-03-01T12:00:00Z","action":"login"}`
	}
	server := newScriptedServer(t, streams(mediaLines, row("2")+"\n"+row("1")+"\n", false))
	client, _ := newTestClient(t, server.URL)
	var seqs []int64
	for each, err := range client.StreamAudit(AuditParams{Action: "login", Limit: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, each.Seq)
	}
	if !reflect.DeepEqual(seqs, []int64{2, 1}) || server.got()[0].Path != "/api/audit?action=login&limit=2" {
		t.Error(seqs, server.got())
	}
}
