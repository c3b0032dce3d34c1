package llamactl

import "encoding/json"

// Patch is what becomes of a setting: nothing, unless it is made by [Set] or [Remove].
type Patch[T any] struct {
	value   *T
	isGiven bool
}

// Set gives a setting a value.
func Set[T any](value T) Patch[T] { return Patch[T]{value: &value, isGiven: true} }

// Remove takes a setting away, which then has its default.
func Remove[T any]() Patch[T] { return Patch[T]{isGiven: true} }

// IsZero tells whether nothing becomes of the setting.
func (p Patch[T]) IsZero() bool { return !p.isGiven }

// MarshalJSON is the value, or null where it is removed.
func (p Patch[T]) MarshalJSON() ([]byte, error) { return json.Marshal(p.value) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Patch[T]) UnmarshalJSON(text []byte) error {
	p.isGiven = true
	return json.Unmarshal(text, &p.value)
}
