"""A flow that fits a line; its settings are in ../settings."""

from metaflow import ComposeSettings, FlowSpec, Parameter, step


class Training(FlowSpec, ComposeSettings):
    rounds = Parameter("rounds", type=int, default=ComposeSettings.settings.configuration.model.rounds)

    @step
    def start(self):
        """Make points near y = slope * x + offset."""
        self.show_settings(exclude_patterns=["artifact*", "system*"])
        data = self.settings.configuration.data
        self.points = [(x / data.points, data.slope * x / data.points + data.offset) for x in range(data.points)]
        self.next(self.train)

    @step
    def train(self):
        """Fit slope and offset by gradient descent."""
        rate = self.settings.configuration.model.learning_rate
        slope = offset = 0.0
        for _ in range(self.rounds):
            errors = [(slope * x + offset - y, x) for x, y in self.points]
            slope -= rate * sum(error * x for error, x in errors) / len(errors)
            offset -= rate * sum(error for error, _ in errors) / len(errors)
        self.slope, self.offset = slope, offset
        self.next(self.end)

    @step
    def end(self):
        print(f"slope {self.slope:.3f}, offset {self.offset:.3f}, for the table {self.settings.environment.table}")


if __name__ == "__main__":
    Training()
