package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// statements prepares each statement once, since parsing takes longer than the statement itself.
// There are few different statements. They are closed with db.
type statements struct {
	db       *sql.DB
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, prepared: map[string]*sql.Stmt{}}
}

// statement returns a prepared statement. Nobody closes it.
func (s *statements) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	s.mu.Lock()
	prepared := s.prepared[text]
	s.mu.Unlock()
	if prepared != nil {
		return prepared, nil
	}
	prepared, err := s.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.prepared[text]; other != nil { // another goroutine was faster
		return other, prepared.Close()
	}
	s.prepared[text] = prepared
	return prepared, nil
}
