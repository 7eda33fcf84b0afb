// Package doctor checks an environment. Each check looks at one thing, and reports what it found.
// If that is wrong, it also says what to do.
//
// A Checkup runs the checks and reports a Result for each. This package has the checks that need
// records, an archive, fleet keys or a URL, wherever these are. They find what can't be read and
// what was refused lately, and whether an event that is sent arrives in both stores. Package
// local/foldercheck adds the checks of a data folder, and cloud/stackcheck those of a stack in
// AWS.
package doctor
