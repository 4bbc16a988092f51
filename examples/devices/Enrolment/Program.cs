// enrolment FLEET enrol COUNT    makes the certificates of thermostat-00001 … and registers each as an application; run again, it goes on
// enrolment FLEET make NAME      makes one certificate and tells nobody
// FLEET is a folder: settings.json says where Tokenry is; the devices' authority is made there at the first run. ENROLMENT_TOKEN is the right to register.
using System.Globalization;
using Enrolment;

try
{
    switch (args)
    {
        case [var folder, "make", var name]:
            Fleet.Open(folder).MakeDevice(name);
            return 0;
        case [var folder, "enrol", var count] when int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var devices):
            var fleet = Fleet.Open(folder);
            using (fleet.LockForOne())
            using (var registry = new Registry(fleet.Settings, Environment.GetEnvironmentVariable("ENROLMENT_TOKEN") ?? ""))
            {
                await new EnrolDevices(fleet, registry).RunAsync(devices);
            }

            return 0;
        default:
            Console.Error.WriteLine("usage: enrolment FLEET enrol COUNT | enrolment FLEET make NAME");
            return 2;
    }
}
catch (Exception e) when (e is HttpRequestException or IOException)
{
    Console.Error.WriteLine($"{e.Message}\nRun it again to go on.");
    return 1;
}
