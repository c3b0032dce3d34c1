package llamactl

import (
	"encoding/json"
	"slices"
	"strings"
)

// beforeAll is a number below that of every event. 0 would request all kept events.
const beforeAll = 1

// passingEvents are the types of events that are not kept. They repeat the number of the last kept one.
var passingEvents = []EventType{
	EventTypeInstanceStatsUpdated, EventTypeRequestsUpdated, EventTypeRequestStarted, EventTypeRequestFinished,
	EventTypeSystemStatsUpdated, EventTypeInstanceLoadProgress, EventTypeInstancesRefreshed,
	EventTypeLogLines, EventTypeLogGap, EventTypeDecision,
}

// eventPlace is the position of a client in the events, and its filter.
type eventPlace struct {
	types []EventType
	// Names in lower case.
	instances []string
	// The number of the last known event; nil: not yet known, and past events are not wanted.
	seq *int64
}

// afterSeq is the after_seq of the next connection. If past events are not wanted, it is a number that no event has. The
// server then starts with a gap that contains the newest number, if any event exists. Without that, a client that loses
// its connection before the first event could not know which events it missed.
func (p *eventPlace) afterSeq() int64 {
	if p.seq == nil {
		return beforeAll
	}
	return *p.seq
}

// waited is called when a gap would have come: after a close frame, or a silent connection. Without a gap no event
// existed, so all later events are new.
func (p *eventPlace) waited() {
	if p.seq == nil {
		p.seq = Ptr[int64](0)
	}
}

// take records an event and reports whether to yield it.
func (p *eventPlace) take(event *Event) bool {
	if gap, isGap := event.Data.(*GapEvent); isGap {
		return p.takeGap(gap)
	}
	if !slices.Contains(passingEvents, event.Type) && p.seq != nil && event.Seq <= *p.seq {
		return false
	}
	if p.seq == nil || event.Seq > *p.seq {
		p.seq = Ptr(event.Seq)
	}
	return p.isWanted(event)
}

// takeGap handles a gap. The first one only sets the position: events up to its LastSeq are past.
func (p *eventPlace) takeGap(gap *GapEvent) bool {
	if p.seq == nil {
		p.seq = Ptr(gap.LastSeq)
		return false
	}
	p.seq = Ptr(max(*p.seq, gap.ToSeq))
	return true
}

// isWanted filters events, because the server filters them only after it got the subscription.
func (p *eventPlace) isWanted(event *Event) bool {
	if p.types != nil && !slices.Contains(p.types, event.Type) {
		return false
	}
	name := event.instance
	// Decisions come only after a subscription, and one of another instance may concern a wanted one.
	if event.Type == EventTypeDecision || name == "" || p.instances == nil {
		return true
	}
	return slices.ContainsFunc(p.instances, func(wanted string) bool { return strings.EqualFold(wanted, name) })
}

// instanceIn returns the instance of an event; empty: the whole system.
func instanceIn(data json.RawMessage) string {
	var about struct{ Name, Instance string }
	// Data of another form has no instance.
	_ = json.Unmarshal(data, &about)
	if about.Name != "" {
		return about.Name
	}
	return about.Instance
}
