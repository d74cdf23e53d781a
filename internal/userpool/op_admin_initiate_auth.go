package userpool

// adminInitiateAuth begins a sign-in for an application server. The flows that only it may use are marked in the table
// of flows.
func adminInitiateAuth(c *call) (object, error) {
	if _, err := c.userPool(); err != nil {
		return nil, err
	}
	return c.initiate(administrator)
}
