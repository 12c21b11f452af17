"""Capacity assessment and confirmation (劳动能力鉴定、确认): draw of experts, panels, opinions, clocks."""
