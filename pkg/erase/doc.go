// Package erase finds a caller's number in all that is kept of a fleet, and removes it, as the
// caller may demand (GDPR, articles 15 and 17): in what was received, in the records and figures
// made of it, and in the files of figures. Wherever the number stood, Masked stands then.
//
// # When two numbers are the same
//
// Two numbers are the same when their national digits are, and nothing but these stands before
// them: a trunk prefix (0), a country code, an international prefix (00, 011) with a country
// code, or both with a trunk prefix. So +49 151 1234567 is also 491511234567, 00491511234567,
// 01511234567, 1511234567 and +49 (0)151 1234567. The country is known from the +. A number that
// is given without + is meant in just its digits: what else a PBX dials or shows is given with it.
//
// Among the digits may stand blanks of any sort, dashes, dots, slashes, parentheses, a plus, and
// characters without width. Digits may be of any script, and escaped as JavaScript, JSON or an
// HTML form may have them, up to three times. A number of JSON is the same with decimals, or
// with an exponent. A digit right before or behind it makes another number.
//
// Rather too much is masked than too little: a longer number whose digits are parted where this
// one begins and ends loses these, and so does another country's number that has the same
// national digits behind another prefix.
//
// # What is no number
//
//   - The id of a call, <epoch seconds>.<counter>, in a member that names a call or a channel:
//     uuid, linkedid, and whatever ends in uniqueid. It ties records together. The name of a
//     system before it is masked. Elsewhere, such as in a file's name, its digits are a number.
//   - A time in a member that holds one, such as startTime.
//   - The MAC of the PBX, addresses that something came from, times and ids of receipts, hashes.
//
// In what can't be read as an event, all digits count.
//
// # What becomes of it
//
// The records stay a function of what was received: an envelope is written as if the PBX had
// sent Masked, with the same receipt, and so under another name, since that has a hash of the
// body. Each record becomes what it would be if it were made of that envelope, so a replay
// changes nothing, and figures count the same calls as before. (Two versions of a record that
// differed in the number alone are one afterwards.) What could not be read, such as a number
// where a duration should be, still can't: a ? stands before Masked there.
//
// The body is masked in its place, where it then says what it said. Where it does not, as for
// a bare 0000000 of which JSON knows nothing, its event is written again from its members, and
// the envelope says so (Rewritten). Should that not say the same either, the body goes to
// quarantine, and its record is deleted: nothing keeps a number from being erased.
//
// Each line of an object, each item and each object is done for itself. What stays is told with
// its place: what the operator wrote, and what can't be read or written.
//
// What was read to be packed while its object was rewritten may come back in the packed one:
// an erasure searches until it finds nothing, and one an hour later finds what came after that.
//
// An erasure may be broken off at any time: started again, it finds what is left. The package
// knows the archive, the dialect and the records, and no database.
package erase
