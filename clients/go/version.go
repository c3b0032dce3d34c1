// Code generated from contract/ by npm run generate. DO NOT EDIT.

package llamactl

// Version of this module: that of the llamactl that it was made with.
const Version = "0.1.0"
