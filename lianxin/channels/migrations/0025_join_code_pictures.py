"""What the picture of a code into groups says, so that it can be printed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0024_publications")]

    operations = [
        migrations.AddField(
            model_name="joincode",
            name="picture_failure",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="joincode",
            name="picture_try_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="joincode",
            name="qr_content",
            field=models.CharField(blank=True, max_length=600),
        ),
    ]
