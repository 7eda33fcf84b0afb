package devices

// Field is a value of a T as text, as in a flag, or in a cell of the column of that name.
type Field[T any] struct {
	Name string
	Get  func(T) string
	// Set sets the value from a text; an empty text unsets it. Its error says what is wrong with the text.
	Set func(*T, string) error
}

// Fields are all values of a T, in the order of their columns.
type Fields[T any] []Field[T]

// Names returns the names of the fields.
func (all Fields[T]) Names() (names []string) {
	for _, f := range all {
		names = append(names, f.Name)
	}
	return names
}

// Texts returns the values of the fields.
func (all Fields[T]) Texts(of T) (texts []string) {
	for _, f := range all {
		texts = append(texts, f.Get(of))
	}
	return texts
}
