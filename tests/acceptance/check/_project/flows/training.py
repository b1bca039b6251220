from metaflow import ComposeSettings, FlowSpec, Parameter, step


class Training(FlowSpec, ComposeSettings):
    depth = Parameter("depth", type=int, default=ComposeSettings.settings.configuration.model.depth)

    @step
    def start(self):
        print(f"depth {self.depth}, region {self.settings.configuration.region}")
        self.next(self.end)

    @step
    def end(self):
        if self.settings.configuration.get("fails"):
            raise ValueError("the settings want it so")


if __name__ == "__main__":
    Training()
