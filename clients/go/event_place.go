package llamactl

import (
	"encoding/json"
	"slices"
	"strings"
)

// beforeAll is a number that no event has, and behind which all are; 0 would ask for everything that is kept.
const beforeAll = 1

// eventPlace is how far somebody has come in the events, and what they want of them.
type eventPlace struct {
	types []EventType
	// Names ignore case.
	instances []string
	// The number of the last event that is known; nil: not known yet, and what there is already is not wanted.
	seq *int64
}

// afterSeq is after what to ask for events. Whoever wants only the present asks for what follows a number that no event
// has: if there are any, the answer begins with a gap, which says where the events have come to. Without that, whoever loses
// the connection before the first event could not know what they missed.
func (p *eventPlace) afterSeq() int64 {
	if p.seq == nil {
		return beforeAll
	}
	return *p.seq
}

// waited: the server had its time to tell something; where it has not, there was nothing, and all that comes is new.
func (p *eventPlace) waited() {
	if p.seq == nil {
		p.seq = Ptr[int64](0)
	}
}

// take tells whether an event is to be told.
func (p *eventPlace) take(event *Event) bool {
	if gap, isGap := event.Data.(*GapEvent); isGap {
		return p.takeGap(gap)
	}
	isKept := event.Type != EventTypeInstanceStatsUpdated
	if isKept && p.seq != nil && event.Seq <= *p.seq {
		return false
	}
	if p.seq == nil || event.Seq > *p.seq {
		p.seq = Ptr(event.Seq)
	}
	return p.isWanted(event)
}

// Of what is told after the first one, all that is no newer than it is the past, and not wanted.
func (p *eventPlace) takeGap(gap *GapEvent) bool {
	if p.seq == nil {
		p.seq = Ptr(gap.LastSeq)
		return false
	}
	p.seq = Ptr(max(*p.seq, gap.ToSeq))
	return true
}

// The server leaves out what is not wanted only from the moment that it has been told.
func (p *eventPlace) isWanted(event *Event) bool {
	if p.types != nil && !slices.Contains(p.types, event.Type) {
		return false
	}
	name := event.instance
	if name == "" || p.instances == nil {
		return true
	}
	return slices.ContainsFunc(p.instances, func(wanted string) bool { return strings.EqualFold(wanted, name) })
}

// instanceIn is whom an event is about; empty: the whole system.
func instanceIn(data json.RawMessage) string {
	var about struct{ Name, Instance string }
	// What is of another form is about nobody.
	_ = json.Unmarshal(data, &about)
	if about.Name != "" {
		return about.Name
	}
	return about.Instance
}
