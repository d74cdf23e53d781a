package userpool

// createGroup makes a group.
func createGroup(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	name := c.input.text("GroupName")
	if up.groups[name] != nil {
		return nil, groupExists()
	}
	g := &group{name: name, precedence: -1, created: c.now, modified: c.now}
	g.take(c.input)
	up.groups[name] = g
	return object{"Group": g.describe(up)}, nil
}
