// Package erase finds a caller's number in all data of a fleet, and removes it, as the caller may
// demand (GDPR, articles 15 and 17). It searches the archive, the records, the figures and the
// files of figures. It writes Masked in the place of the number.
//
// # When two numbers are the same
//
// Two numbers are the same if their national digits are equal. Before these, only a trunk prefix
// (0), a country code, or an international prefix (00, 011) and a country code may stand. A trunk
// prefix may follow the country code. So +49 151 1234567 is also 491511234567, 00491511234567,
// 01511234567, 1511234567 and +49 (0)151 1234567. The + shows which digits are the country code. A
// number that is given without + is searched in just its digits. Operators give all other forms
// that a PBX dials or shows.
//
// Blanks of any sort, dashes, dots, slashes, parentheses, a plus and characters without width may
// stand between the digits. Digits may be of any script. They may be escaped as in JavaScript, JSON
// or an HTML form, up to three times. A JSON number may have decimals or an exponent. A digit right
// before or after makes it another number.
//
// Some other numbers are masked, too. One is a longer number with separators where this one begins
// and ends. Another is a number of another country with the same national digits.
//
// # What is not a number
//
//   - The id of a call, <epoch seconds>.<counter>, in a member that names a call or a channel:
//     uuid, linkedid, and any name that ends in uniqueid. It connects records. The name of a system
//     before it is masked. Elsewhere, such as in a file's name, its digits are a number.
//   - A time in a member for times, such as startTime.
//   - The MAC of the PBX, the sender's address, times and ids of receipts, hashes.
//
// In a body that can't be read as an event, all digits count.
//
// # What an erasure changes
//
// The records stay a function of the archive. An envelope is written as if the PBX had sent
// Masked, with the same receipt. Its name changes, since the name has a hash of the body. Each
// record becomes what a replay of that envelope makes. So a replay changes nothing, and figures
// count the same calls as before. Two versions of a record that differ only in the number become
// one. A value that could not be read, such as a number in place of a duration, stays unreadable:
// a ? stands before Masked.
//
// The body is masked in place if the rest of its meaning stays. If it does not, its event is
// written again from its members, and the envelope says so (Rewritten). An example is a bare
// 0000000, which is not JSON. If that changes the meaning, too, the body goes to quarantine, and
// its record is deleted. So the number is erased in every case.
//
// Each line, item and object is masked by itself. An erasure reports each place where the number
// stays: what the operator wrote, and what can't be read or written.
//
// A concurrent compaction may bring back a number that it read before the erasure. So an erasure
// searches until it finds nothing, and a second one an hour later finds the rest.
//
// An erasure may stop at any time: the next one finds what is left. The package knows the archive,
// the dialect and the records, and no database.
package erase
