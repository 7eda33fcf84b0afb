package zycoo

// Version is the version of the decoder. Raise it whenever the decoder accepts what it refused
// before, so that quarantined events are tried again. Envelopes without a version were refused by
// version 1.
const Version = 3
