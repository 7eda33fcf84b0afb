package server

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"trunkline/pkg/local"
	"trunkline/pkg/local/control"
)

// Settings returns the variables that commands on a data folder read.
func Settings() []string { return []string{"DEFAULT_ZONE", "GRACE_MINUTES", "RECORD_DAYS"} }

// Lend calls use with the server's stores, for a command on a folder. The folder must be the
// server's.
func (s *Server) Lend(folder string, use func(*local.Dir) error) error {
	theirs, err := os.Stat(folder)
	if err != nil {
		return err
	}
	own, err := os.Stat(s.config.Folder)
	if err != nil {
		return err
	}
	if !os.SameFile(theirs, own) {
		return fmt.Errorf("this server keeps %s, not %s", s.config.Folder, folder)
	}
	return use(s.data)
}

// do does a command for a client.
func (s *Server) do(ctx context.Context, session control.Session) (code int) {
	r := session.Request
	name, began := control.Name(r.Args), s.config.Machine()
	s.Log.Info("command begins", "name", name)
	defer func() {
		if cause := recover(); cause != nil {
			s.Log.Error("command failed by a fault in the program", "name", name, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			fmt.Fprintln(session.Errs, "pbxctl: failed by a fault in the program, which is in the server's log")
			code = 1
		}
		s.Log.Info("command ended", "name", name, "exit_code", code, "seconds", s.config.Machine().Sub(began).Seconds())
	}()
	for _, setting := range Settings() {
		if theirs, own := r.Env[setting], s.Getenv(setting); theirs != "" && theirs != own {
			fmt.Fprintf(session.Errs, "pbxctl: %s is %q here, and %q for the server: the server's counts\n", setting, theirs, own)
		}
	}
	return s.config.Do(ctx, s, session)
}
