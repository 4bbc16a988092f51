using System.Security.Cryptography;
using System.Text;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.Notices;

/// <summary>Writes the mail that tells of notices and gives it to the mail server.</summary>
internal sealed class NoticeMail(MailOptions mail, TokenryOptions options)
{
    /// <summary>The most notices that a mail names; it counts the rest.</summary>
    private const int MostNamed = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Texts texts = Languages.Named(mail.Language);

    /// <param name="name">The person's name.</param>
    /// <param name="address">Their e-mail address.</param>
    /// <param name="notices">What they are told of, the oldest first.</param>
    /// <param name="stopping">Ends the attempt.</param>
    /// <exception cref="Exception">The mail server is away or took no mail: MailKit's exceptions and those of sockets and files.</exception>
    public async Task SendAsync(string name, string address, IReadOnlyList<NoticeRow> notices, CancellationToken stopping)
    {
        using var message = Write(name, address, notices);
        using var client = new SmtpClient { Timeout = (int)Patience.TotalMilliseconds };
        await client.ConnectAsync(mail.Server, mail.Port, Security(mail.Security), stopping);
        if (mail.User is { } user)
        {
            await SignInAsync(client, user, stopping);
        }

        await client.SendAsync(message, stopping);
        await client.DisconnectAsync(quit: true, stopping);
    }

    private MimeMessage Write(string name, string address, IReadOnlyList<NoticeRow> notices)
    {
        var message = new MimeMessage { Subject = texts.Count("mail.subject", notices.Count) };
        message.From.Add(new MailboxAddress("Tokenry", mail.From));
        message.To.Add(new MailboxAddress(name, address));
        // RFC 3834: no automatic answer is wanted.
        message.Headers.Add("Auto-Submitted", "auto-generated");
        var body = new StringBuilder();
        body.Append(texts["mail.greeting", ("name", name)]).Append("\n\n");
        foreach (var notice in notices.Take(MostNamed))
        {
            body.Append("- ").Append(Line(notice)).Append("\n  ").Append(options.Issuer).Append(Address(notice)).Append('\n');
        }

        if (notices.Count > MostNamed)
        {
            body.Append("- ").Append(texts.Count("mail.more", notices.Count - MostNamed)).Append('\n');
        }

        body.Append('\n')
            .Append(texts["mail.all", ("address", options.Issuer + NoticePages.Path)])
            .Append('\n')
            .Append(texts["mail.why"])
            .Append('\n');
        message.Body = new TextPart("plain") { Text = body.ToString() };
        return message;
    }

    private string Line(NoticeRow notice) =>
        $"{texts.Moment(DateTimeOffset.FromUnixTimeMilliseconds(notice.At))}: {notice.Name} ({texts.Of("kind", notice.TargetType)}) "
        + $"{texts.Of("notice", notice.Kind)}{(notice.Reason is { } reason ? $": {reason}" : "")}";

    /// <summary>The page of what the notice is about.</summary>
    internal static string Address(NoticeRow notice) => NoticePages.AddressOf(notice.TargetType, notice.TargetId);

    private async Task SignInAsync(SmtpClient client, string user, CancellationToken stopping)
    {
        var password = PinFile.Read(mail.PasswordFile!);
        try
        {
            await client.AuthenticateAsync(user, Encoding.UTF8.GetString(password), stopping);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
        }
    }

    private static SecureSocketOptions Security(MailSecurity security) =>
        security switch
        {
            MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
            MailSecurity.None => SecureSocketOptions.None,
            _ => SecureSocketOptions.StartTls,
        };
}
