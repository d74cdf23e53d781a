package userpool

// describe is a group as the operations show it.
func (g *group) describe(up *userPool) object {
	output := object{
		"GroupName": g.name, "UserPoolId": up.id, "CreationDate": epoch(g.created), "LastModifiedDate": epoch(g.modified),
	}
	if g.description != "" {
		output["Description"] = g.description
	}
	if g.role != "" {
		output["RoleArn"] = g.role
	}
	if g.precedence >= 0 {
		output["Precedence"] = g.precedence
	}
	return output
}

// group finds the pool and the group that an operation names.
func (c *call) group() (*userPool, *group, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, nil, err
	}
	g := up.groups[c.input.text("GroupName")]
	if g == nil {
		return nil, nil, resourceNotFound("Group not found.")
	}
	return up, g, nil
}

// take sets what a request says about a group and leaves the rest.
func (g *group) take(input object) {
	if input.has("Description") {
		g.description = input.text("Description")
	}
	if input.has("RoleArn") {
		g.role = input.text("RoleArn")
	}
	g.precedence = input.whole("Precedence", g.precedence)
}
