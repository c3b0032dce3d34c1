// Package llamactl is a client for the whole API of llamactl, the control plane for local LLM inference. Its streams
// resume after lost connections.
//
//	client := llamactl.NewClient("http://localhost:8080")
//	instances, err := client.ListInstances()
//
// # Calls
//
// Each operation of the API is a method of the same name. Its parameters are those of the path, then the body, then a
// struct for optional parameters. Each method has a variant that takes a context:
//
//	client.StopInstance("example", llamactl.StopParams{Wait: true})
//	client.StopInstanceContext(ctx, "example", llamactl.StopParams{Wait: true})
//
// Methods return the answers of the API unchanged; if an answer has only a list, they return the list. Empty optional
// fields of a request are left out. Where empty is a valid value, the field is a pointer; see [Ptr]. In changes of an
// instance, [Set] sets a field, [Remove] removes it, and the zero value leaves it unchanged.
//
// # Streams
//
// [Client.FollowLogs] and [Client.Events] return sequences for range. They resume after lost connections and restarts of
// the server, without missing or repeated items. [Client.StreamChat] yields the answer of a model in chunks. To end a
// stream, break out of the loop or cancel the context. After an error, a stream ends.
//
// # Errors
//
// [Error] is an error answer of llamactl, with a [Code] for [errors.Is]. [ConnectionError] means that no answer came,
// [ProtocolError] that another program answered. When a context ends, errors.Is finds [context.Canceled] or
// [context.DeadlineExceeded].
//
// # Retries
//
// The client never does anything twice. It retries reads, and requests that certainly did nothing.
package llamactl
