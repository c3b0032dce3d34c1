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

// ChatMessage is one message of a conversation, in OpenAI's format.
type ChatMessage struct {
	// system, user, assistant or tool.
	Role string `json:"role"`

	// A text, or a list of parts.
	Content any `json:"content"`

	// The tool calls of a message of the model, when you send that message back.
	ToolCalls []ToolCall `json:"tool_calls,omitzero"`

	// The id of the call that this message answers, for the role tool.
	ToolCallID string `json:"tool_call_id,omitzero"`
}

// ToolCall is a call of a tool by the model; in a stream, a part of one.
type ToolCall struct {
	Index    int              `json:"index"`
	ID       string           `json:"id,omitzero"`
	Type     string           `json:"type,omitzero"`
	Function ToolCallFunction `json:"function"`
}

// ToolCallFunction is the function that the model calls.
type ToolCallFunction struct {
	Name string `json:"name,omitzero"`

	// JSON, as the model wrote it.
	Arguments string `json:"arguments"`
}

// ChatRequest is the body of /v1/chat/completions.
type ChatRequest struct {
	// Name or alias of the instance.
	Model string

	Messages []ChatMessage

	// nil: the engine's default.
	Temperature *float64

	// nil: the engine's default.
	MaxTokens *int

	// Other fields that the engine supports, by name: tools, response_format, seed, … If stream is given, it must match
	// the method.
	Extra map[string]any
}

// MarshalJSON returns the body of the request.
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

// as returns the request for a complete or a streamed answer. It fails if the request has the other value for stream.
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

// ChatReply is the reply of a model; in a stream, a part of it.
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

// ChatChoice is one of the requested answers; usually there is only one.
type ChatChoice struct {
	Index        int       `json:"index"`
	Message      ChatReply `json:"message"`
	FinishReason string    `json:"finish_reason"`
}

// ChatCompletion is a complete answer.
type ChatCompletion struct {
	ID      string       `json:"id"`
	Model   string       `json:"model"`
	Choices []ChatChoice `json:"choices"`
	Usage   *ChatUsage   `json:"usage"`

	// The JSON as received. Engines send more fields than this struct has.
	Raw json.RawMessage `json:"-"`
}

// Text returns the text of the first choice.
func (c *ChatCompletion) Text() string {
	if len(c.Choices) == 0 {
		return ""
	}
	return c.Choices[0].Message.Content
}

// ChatChunkChoice is a part of one of the requested answers.
type ChatChunkChoice struct {
	Index int       `json:"index"`
	Delta ChatReply `json:"delta"`

	// Empty until the last chunk.
	FinishReason string `json:"finish_reason"`
}

// ChatChunk is one chunk of an answer.
type ChatChunk struct {
	ID    string `json:"id"`
	Model string `json:"model"`

	// Empty in the chunk that has only Usage.
	Choices []ChatChunkChoice `json:"choices"`
	Usage   *ChatUsage        `json:"usage"`

	// The JSON as received. Engines send more fields than this struct has.
	Raw json.RawMessage `json:"-"`
}

// Text returns the text that this chunk adds to the first choice.
func (c *ChatChunk) Text() string {
	if len(c.Choices) == 0 {
		return ""
	}
	return c.Choices[0].Delta.Content
}

// Chat returns the complete answer of a model. It has no timeout. The request starts a stopped instance.
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

// StreamChat yields the answer of a model in chunks. Leaving the loop also ends the answer at the engine. An incomplete
// answer ends with a [ConnectionError].
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
