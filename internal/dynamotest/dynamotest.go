// Package dynamotest gives tests Amazon's own DynamoDB engine, one for each test binary: in memory, reached on loopback
// alone, and gone with the tests. Call [Main] at the beginning of TestMain, and [Stop] at its end.
package dynamotest
