//go:build tools

// Package kn names the program that the tests run: Knative's own command line.
package kn

import _ "knative.dev/client/cmd/kn"
