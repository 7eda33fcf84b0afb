package local

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

const mac = pbx.MAC("68692e0b0001")

func TestAFolderBelongsToOneProgramAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "on", "the", "way")
	data, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "open "+path+": the data folder is in use by another pbxctl") {
		t.Errorf("while it is open: %v", err)
	}
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	if data, err = Open(t.Context(), path); err != nil {
		t.Fatalf("after it was closed: %v", err)
	}
	if err := data.Close(); err != nil {
		t.Error(err)
	}
}

func TestSettingsAreWrittenAndReadWhileAnotherProgramHasTheFolder(t *testing.T) {
	path := t.TempDir()
	data, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	table, err := OpenTable(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	err = store.New(table, time.Now).SetDevice(t.Context(), mac, store.Device{Name: "Reception"})
	if err = errors.Join(err, table.Close()); err != nil {
		t.Fatal(err)
	}
	reader, err := OpenRecords(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for who, s := range map[string]*store.Store{"the program": store.New(data.Table, time.Now), "a reader": store.New(reader, time.Now)} {
		if device, err := s.Device(t.Context(), mac); device.Name != "Reception" || err != nil {
			t.Errorf("%s: %+v, %v", who, device, err)
		}
	}
	if err := store.New(reader, time.Now).SetDevice(t.Context(), mac, store.Device{}); err == nil {
		t.Error("a reader writes")
	}
}

func TestAReaderMakesNoFolderOfRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	_, reading := OpenRecords(t.Context(), path)
	_, writing := OpenTable(t.Context(), path)
	for _, err := range []error{reading, writing} {
		if err == nil || !strings.Contains(err.Error(), path+" is not a data folder: `pbxctl serve --data "+path+"` makes one") {
			t.Error(err)
		}
	}
	if found, err := filepath.Glob(path); len(found) > 0 || err != nil {
		t.Errorf("%v, %v", found, err)
	}
}
