"""Unbound: makes the feature table of a profile's database, once for all bindings."""

from metaflow import ComposeSettings, FlowSpec, step


class DemoFeatures(FlowSpec, ComposeSettings):
    @step
    def start(self):
        self.show_settings(include_patterns=["environment*"])
        self.next(self.make)

    @step
    def make(self):
        from warehouse import make_features

        self.rows = make_features(self.settings.environment)
        self.next(self.end)

    @step
    def end(self):
        environment = self.settings.environment
        print(f"{self.rows} rows in {environment.FEATURE_TABLE} of {environment.TARGET_DATABASE}")


if __name__ == "__main__":
    DemoFeatures()
