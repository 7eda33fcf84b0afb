package local

// ClockAdvice says what to do where the clock that the data folder at path goes by is doubted.
func ClockAdvice(path string) string {
	return "have this machine set its clock by NTP, or if it is right, run `pbxctl doctor clock --accept --data " + path + "`"
}
