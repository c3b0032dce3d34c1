package llamactl

import "encoding/json"

// Patch is the change of a setting, made by [Set] or [Remove]. The zero value leaves the setting unchanged.
type Patch[T any] struct {
	value   *T
	isGiven bool
}

// Set gives a setting a value.
func Set[T any](value T) Patch[T] { return Patch[T]{value: &value, isGiven: true} }

// Remove removes a setting, which then has its default.
func Remove[T any]() Patch[T] { return Patch[T]{isGiven: true} }

// IsZero reports whether the setting stays unchanged.
func (p Patch[T]) IsZero() bool { return !p.isGiven }

// MarshalJSON returns the value, or null for [Remove].
func (p Patch[T]) MarshalJSON() ([]byte, error) { return json.Marshal(p.value) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Patch[T]) UnmarshalJSON(text []byte) error {
	p.isGiven = true
	return json.Unmarshal(text, &p.value)
}
