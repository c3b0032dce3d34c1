package llamactl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
)

// ChatMessage is one message of a conversation, in OpenAI's form.
type ChatMessage struct {
	// system, user, assistant or tool.
	Role string `json:"role"`

	// A text, or a list of parts.
	Content any `json:"content"`

	// What the model asked for, where its own message is told again.
	ToolCalls []ToolCall `json:"tool_calls,omitzero"`

	// The call that this answers, with the role tool.
	ToolCallID string `json:"tool_call_id,omitzero"`
}

// ToolCall is that a model wants something called; in a stream a piece of that.
type ToolCall struct {
	Index    int              `json:"index"`
	ID       string           `json:"id,omitzero"`
	Type     string           `json:"type,omitzero"`
	Function ToolCallFunction `json:"function"`
}

// ToolCallFunction is what a model wants called.
type ToolCallFunction struct {
	Name string `json:"name,omitzero"`

	// JSON, as the model wrote it.
	Arguments string `json:"arguments"`
}

// ChatRequest is what /v1/chat/completions takes.
type ChatRequest struct {
	// Name or alias of the instance.
	Model string

	Messages []ChatMessage

	// nil: as the engine likes.
	Temperature *float64

	// nil: as the engine likes.
	MaxTokens *int

	// Whatever else the engine knows, by the names that it has there: tools, response_format, seed, … Not stream, unless
	// it says what the method does.
	Extra map[string]any
}

// MarshalJSON is the request as it is sent.
func (r ChatRequest) MarshalJSON() ([]byte, error) {
	body := maps.Clone(r.Extra)
	if body == nil {
		body = map[string]any{}
	}
	body["model"], body["messages"] = r.Model, r.Messages
	if r.Messages == nil {
		body["messages"] = []ChatMessage{}
	}
	if r.Temperature != nil {
		body["temperature"] = *r.Temperature
	}
	if r.MaxTokens != nil {
		body["max_tokens"] = *r.MaxTokens
	}
	return json.Marshal(body)
}

// as is the request for a whole answer, or for one in pieces. Whoever asks for the other one is told.
func (r ChatRequest) as(isStream bool) (ChatRequest, error) {
	if wish, isThere := r.Extra["stream"]; isThere && wish != isStream {
		return r, errors.New("llamactl: Chat gives an answer whole, StreamChat in pieces; leave out stream")
	}
	if isStream {
		extra := maps.Clone(r.Extra)
		if extra == nil {
			extra = map[string]any{}
		}
		extra["stream"] = true
		r.Extra = extra
	}
	return r, nil
}

// ChatReply is what a model says; in a stream a piece of that.
type ChatReply struct {
	Role             string     `json:"role,omitzero"`
	Content          string     `json:"content"`
	ReasoningContent string     `json:"reasoning_content,omitzero"`
	ToolCalls        []ToolCall `json:"tool_calls,omitzero"`
}

// ChatUsage counts tokens.
type ChatUsage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
}

// ChatChoice is one of the answers that were asked for, mostly the only one.
type ChatChoice struct {
	Index        int       `json:"index"`
	Message      ChatReply `json:"message"`
	FinishReason string    `json:"finish_reason"`
}

// ChatCompletion is an answer, whole.
type ChatCompletion struct {
	ID      string       `json:"id"`
	Model   string       `json:"model"`
	Choices []ChatChoice `json:"choices"`
	Usage   *ChatUsage   `json:"usage"`

	// As it came: engines say more than is named here.
	Raw json.RawMessage `json:"-"`
}

// Text is what the first choice says.
func (c *ChatCompletion) Text() string {
	if len(c.Choices) == 0 {
		return ""
	}
	return c.Choices[0].Message.Content
}

// ChatChunkChoice is a piece of one of the answers that were asked for.
type ChatChunkChoice struct {
	Index int       `json:"index"`
	Delta ChatReply `json:"delta"`

	// Empty until the last piece.
	FinishReason string `json:"finish_reason"`
}

// ChatChunk is a piece of an answer.
type ChatChunk struct {
	ID    string `json:"id"`
	Model string `json:"model"`

	// Empty in the piece that carries only Usage.
	Choices []ChatChunkChoice `json:"choices"`
	Usage   *ChatUsage        `json:"usage"`

	// As it came: engines say more than is named here.
	Raw json.RawMessage `json:"-"`
}

// Text is what this piece adds to the first choice.
func (c *ChatChunk) Text() string {
	if len(c.Choices) == 0 {
		return ""
	}
	return c.Choices[0].Delta.Content
}

// Chat is the answer of a model, whole. It takes as long as it takes; an instance that is stopped is started for it.
func (c *Client) Chat(body ChatRequest) (*ChatCompletion, error) {
	return c.ChatContext(context.Background(), body)
}

// ChatContext is [Client.Chat] with a context.
func (c *Client) ChatContext(ctx context.Context, body ChatRequest) (*ChatCompletion, error) {
	body, err := body.as(false)
	if err != nil {
		return nil, err
	}
	got, err := c.read(ctx, chatRequest(body))
	if err != nil {
		return nil, err
	}
	answer := ChatCompletion{Raw: got.body}
	if err := got.decode(&answer); err != nil {
		return nil, err
	}
	return &answer, nil
}

// StreamChat is the answer of a model, a piece at a time. Whoever ends the loop ends the answer at the engine too. An
// answer that ends before it is whole is a [ConnectionError].
func (c *Client) StreamChat(body ChatRequest) iter.Seq2[ChatChunk, error] {
	return c.StreamChatContext(context.Background(), body)
}

// StreamChatContext is [Client.StreamChat] with a context.
func (c *Client) StreamChatContext(ctx context.Context, body ChatRequest) iter.Seq2[ChatChunk, error] {
	return stream(func(yield func(ChatChunk) error) error {
		body, err := body.as(true)
		if err != nil {
			return err
		}
		r := chatRequest(body)
		r.header = http.Header{"Accept": {mediaEvents}}
		answer, err := c.open(ctx, r, mediaEvents)
		if err != nil {
			return err
		}
		defer answer.close()
		events := eventReader{lines: newLinesOf(answer, 0)}
		for {
			data, err := events.next()
			if errors.Is(err, io.EOF) {
				said := fmt.Sprintf("the answer of %s ended before it was whole: its engine may have ended", body.Model)
				return &ConnectionError{Message: said, URL: answer.url, Err: io.ErrUnexpectedEOF}
			}
			if err != nil {
				return err
			}
			if string(data) == "[DONE]" {
				return nil
			}
			chunk, err := chunkOf(answer, data)
			if err != nil {
				return err
			}
			if err := yield(chunk); err != nil {
				return err
			}
		}
	})
}

func chatRequest(body ChatRequest) request {
	return request{method: http.MethodPost, path: []string{"/v1/chat/completions"}, body: body, isPatient: true}
}

func chunkOf(answer *openAnswer, data []byte) (ChatChunk, error) {
	chunk := ChatChunk{Raw: data}
	if err := errorIn(data, 0, answer.header.Get("X-Request-Id"), 0); err != nil {
		return chunk, err
	}
	if err := json.Unmarshal(data, &chunk); err != nil {
		said := fmt.Sprintf("%s sent something that is no piece of an answer: %s", answer.url, excerpt(data))
		return chunk, &ProtocolError{Message: said, URL: answer.url, Err: err}
	}
	return chunk, nil
}
