// thermostat FOLDER DEGREES: reports a temperature to the hub. FOLDER has what enrolment put there: device.pem, the key and its certificate, and device.json.
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Thermostat;

if (args is not [var folder, var text] || !decimal.TryParse(text, CultureInfo.InvariantCulture, out var degrees))
{
    Console.Error.WriteLine("usage: thermostat FOLDER DEGREES");
    return 2;
}

try
{
    var device = Device.Open(folder);
    using var connection = device.Connect();
    var tokens = new TokenStore(device, connection);
    using var request = new HttpRequestMessage(HttpMethod.Post, device.Hub + "/readings") { Content = JsonContent.Create(new { degrees }) };
    request.Headers.Authorization = new("Bearer", await tokens.GetAsync());
    using var answer = await connection.SendAsync(request);
    if (answer.StatusCode == HttpStatusCode.Unauthorized)
    {
        tokens.Forget();
    }

    Console.WriteLine($"{(int)answer.StatusCode} {answer.Headers.WwwAuthenticate}{await answer.Content.ReadAsStringAsync()}");
    return answer.IsSuccessStatusCode ? 0 : 1;
}
catch (HttpRequestException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
