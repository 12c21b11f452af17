"""BPMN: reading process folders, running them on SpiffWorkflow, and every operation that moves a case.

The only package that imports SpiffWorkflow. Must not keep case facts in engine variables, evaluate Python from a
file, or restore a state that was not written here.
"""
