package fleet

// Usual returns a fleet with the troubles that fleets usually have: repeated, late and restated records,
// clocks that drift, lines that fail. Its PBXs are in several zones, some with daylight saving time.
func Usual(c Config) Config {
	c.Zones = []string{
		"Europe/Berlin", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "UTC", "America/Sao_Paulo", "Australia/Sydney",
	}
	c.Duplicates, c.Late, c.Restated = 0.03, 0.02, 0.02
	c.Drift, c.PowerCuts, c.Outages, c.Arrays = 0.25, 1/float64(c.PBXs), 0.1, 0.5
	return c
}
