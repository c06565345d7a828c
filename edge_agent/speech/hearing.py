"""placeholder"""
from edge_agent.speech.clips import Samples
def clearer(sound: Samples) -> Samples:
    return sound
