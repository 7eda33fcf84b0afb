package local

// ClockAdvice says what to do if the clock of the data folder at path is doubted.
func ClockAdvice(path string) string {
	return "have this machine set its clock by NTP, or if it is right, run `pbxctl doctor clock --accept --data " + path + "`"
}
