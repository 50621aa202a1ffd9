"""What all live figures share: settings, experiment, picture, panel."""
