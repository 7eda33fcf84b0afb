package zycoo

// Version is the version of what the decoder accepts. It is raised whenever the decoder reads
// what it refused before, so that what is in quarantine is tried again. Envelopes without a
// version were refused by version 1.
const Version = 3
