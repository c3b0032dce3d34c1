// Package llamactl is a client of llamactl, the control plane for local LLM inference: its whole API, with streams that
// go on over lost connections.
//
//	client := llamactl.NewClient("http://localhost:8080")
//	instances, err := client.ListInstances()
//
// # Calls
//
// Each operation of the API is a method of its name: what stands in the path first, then the body, then, where there is
// something that may be left out, a struct for that. Each has a twin that takes a context:
//
//	client.StopInstance("example", llamactl.StopParams{Wait: true})
//	client.StopInstanceContext(ctx, "example", llamactl.StopParams{Wait: true})
//
// Answers are as they go over the wire; those that are one list are that list. Optional fields of what is sent are left
// out when they are empty; where empty is a value, too, they are pointers, for which there is [Ptr]. Changes of an
// instance tell "leave it" from "take it away": [Set] and [Remove].
//
// # Streams
//
// [Client.FollowLogs] and [Client.Events] are sequences for range, and go on over lost connections and restarts of the
// server, with nothing missing and nothing twice; [Client.StreamChat] is the answer of a model, a piece at a time. A loop
// ends a stream with break; from outside the context does. An error is the last that comes.
//
// # Errors
//
// [Error] is what llamactl answered, with a [Code] that [errors.Is] finds; [ConnectionError] that no answer came;
// [ProtocolError] that somebody else answered. When a context is over, errors.Is finds [context.Canceled] or
// [context.DeadlineExceeded].
//
// # Retries
//
// What may have been done is never done twice: sent again is what reads, and everything of which it is certain that
// nothing was done.
package llamactl
