// Package erase removes a caller's number from all that is kept of a fleet, as the caller may
// demand (GDPR, article 17): from what was received, from the records and figures made of it,
// and from the files of figures. Wherever the number stood, Masked stands then.
//
// The number is its digits: 49 151 1234567 is written +491511234567, 49-151-1234567 or
// (49) 151/1234567, with up to three blanks or any of + - . / ( ) between two digits, or with
// digits escaped as JavaScript, JSON or an HTML form may have them. Where a digit stands
// before or after it is another number: what the PBX dials or shows in other digits, such as
// 0049… or 0151…, is a spelling of its own, and has to be given too. What reads as a date, or
// as the whole part of a decimal number, as in an Asterisk uniqueid, is no number of a caller.
//
// The records stay a function of what was received: an envelope is written as if the PBX had
// sent Masked, with the same receipt, and so under another name, since that has a hash of the
// body. Each record becomes what it would be if it were made of that envelope, so a replay
// changes nothing, and figures count the same calls as before. (Two versions of a record that
// differed in the number alone are one afterwards.)
//
// What was read to be packed while its object was rewritten may come back in the packed one:
// an erasure searches until it finds nothing, and one an hour later finds what came after that.
//
// An erasure may be broken off at any time: started again, it finds what is left. The package
// knows the archive, the dialect and the records, and no database.
package erase
