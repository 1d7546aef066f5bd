import CallModel
